"""How fast and how small this blog is, measured from outside over real HTTP on this machine."""
