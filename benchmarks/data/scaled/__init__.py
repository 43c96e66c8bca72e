"""Catalogues of any size made from a real one, with sentence vectors, so that no encoder has to run at that size."""
