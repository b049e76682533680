"""The register of firms and public bodies behind registrations."""
