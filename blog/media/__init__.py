"""Pictures: what is uploaded or imported is verified, turned, stripped and kept in two sizes."""
