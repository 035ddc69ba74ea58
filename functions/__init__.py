"""Lambda handlers behind API Gateway: thin. One module a function."""
