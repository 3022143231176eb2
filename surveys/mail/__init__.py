"""Mail: texts, messages, sending by claimed rows, the next hop that can be asked, and the recording sink."""
