"""Who listens, thinks and speaks: from an agent's choices to Pipecat's services."""

from media_service.vendors.registry import VendorMissingError
from media_service.vendors.vendors import Vendors

__all__ = ["VendorMissingError", "Vendors"]
