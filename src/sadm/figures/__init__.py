"""Maps, reconstructions and scores come in, pictures and charts go out."""
