// ActionStore
