"""What the service understands and says, for programs and for people: OpenAPI, AsyncAPI, and a page made of both."""
