"""The client's pages in WeChat: of an Official Account by its authorisation, of a mini program in its web-view."""
