"""A dataset in the formats of others: a module each. They take a `Dataset`, or a part of one (`ds["train"]`)."""
