"""Lambda handlers behind API Gateway: thin. One module a function."""

import gc

# All that a start makes stays, and looking for garbage in it again and again was a fifteenth of it.
gc.set_threshold(20_000, 20, 100)
