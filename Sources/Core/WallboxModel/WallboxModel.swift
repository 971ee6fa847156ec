// WallboxModel
