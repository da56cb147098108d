"""The health of the people a region looks after: counted by site, sex and age, compared, small numbers withheld."""
