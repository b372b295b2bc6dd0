"""Evidence of trials: their records, tables of them, and the availability modelled from them."""
