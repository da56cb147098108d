"""How clients are talked to and received: what must not be said, and who looks into what was."""
