// WallboxServer
