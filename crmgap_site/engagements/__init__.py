"""Pages that cross rooms: all engagements with their next step, and the home of one engagement."""
