"""How much of validation and test a model has seen in training: homologous windows and genes between splits."""
