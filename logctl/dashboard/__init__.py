"""The page that the API serves; see `pipeline.http.page` for the headers it is served under."""
