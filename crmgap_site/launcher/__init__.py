"""The one-command start: embedded servers, roles, migrations, web and workers, stopped in order."""
