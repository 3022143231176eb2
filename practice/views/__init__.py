"""Pages of the practice room: get, call one service or selector, render."""
