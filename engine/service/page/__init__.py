"""The page: what a person sees of the service, rendered here; it works without JavaScript."""
