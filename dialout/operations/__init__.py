"""What the API can be asked, in groups of methods that both clients have."""
