"""A shop whose agent asks an order desk and puts people through: neither is on the internet."""
