"""A main script whose training function lives in a module of its own."""
from training_parts.loop import make_data, train

if __name__ == "__main__":
    X, y = make_data()
    print(train(X, y, epochs=60))
