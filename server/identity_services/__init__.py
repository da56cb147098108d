"""Services outside that compare a name with a number: the police's, a hospital's."""
