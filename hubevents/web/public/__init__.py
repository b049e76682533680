"""Public pages: coming events, hub, programme, event, registration form."""
