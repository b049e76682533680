"""The personal page behind a registration link."""
