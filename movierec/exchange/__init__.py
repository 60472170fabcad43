"""Data of other services, coming in and going out: one module or package a format."""
