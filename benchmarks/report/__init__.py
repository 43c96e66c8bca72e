"""Runs, tables and plots."""
