"""The catalogue as a whole: clusters, their names, the map."""
