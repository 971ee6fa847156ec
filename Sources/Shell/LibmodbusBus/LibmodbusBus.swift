// LibmodbusBus
