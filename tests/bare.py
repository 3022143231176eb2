"""What a run of pytest without ./test lacks: throwaway keys, enough for every test that asks no server."""

import base64
import os
import secrets

NO_SERVER = "postgres://nobody@localhost:1/nothing"

os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
os.environ.setdefault("MASTER_KEY", base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())
os.environ.setdefault("DATABASE_URL", NO_SERVER)
os.environ.setdefault("OWNER_DATABASE_URL", NO_SERVER)
