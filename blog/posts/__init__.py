"""Write, publish and list posts and pages; manage labels."""
