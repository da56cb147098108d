"""What the front desk shows until the store is joined."""
