"""The parts of the API that every room shares: token sign-in, pages of lists, problem details for errors."""
