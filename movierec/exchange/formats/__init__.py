"""File formats that can be imported, one module or package a format."""
