"""`python -m crmgap_site.selftest --base-url http://localhost:8000`: run the self-test against a started site."""

import argparse

from crmgap_site.selftest.run import main

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="crmgap_site.selftest", description=__doc__)
    parser.add_argument("--base-url", required=True, help="address of the site; sign-up must be open there")
    raise SystemExit(main(parser.parse_args().base_url))
