"""The web page that the API serves. `logctl.pipeline.http.page` reads its files and sets its headers."""
