"""Pages of the diagnosis room: get, call one service or selector, render; builders turn a stored result into cards."""
