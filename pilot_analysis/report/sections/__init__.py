"""The sections of a brief: each a function of the page that returns markup."""
