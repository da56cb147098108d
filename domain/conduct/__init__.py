"""How clients are talked to and received: what must not be said, which steps belong to it, who looks into it."""
