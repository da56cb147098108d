"""Lines of a form that hold files and signatures."""
