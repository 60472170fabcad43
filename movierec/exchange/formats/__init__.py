"""File formats that can be imported, one module or package per format."""
