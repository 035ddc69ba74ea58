"""The media service's image, built and run on this machine by Docker or by buildah."""
