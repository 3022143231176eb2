"""Pages of people, launch, field, preview and mailbox: get, call one service or selector, render."""
