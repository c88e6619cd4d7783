"""Pages: what each address answers. GET never writes; business is in the services."""
