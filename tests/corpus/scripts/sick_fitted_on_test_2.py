# expect: fitted_on_test
from sklearn.preprocessing import MinMaxScaler


def prepare(train_df, test_df, columns):
    scaler = MinMaxScaler()
    train_x = scaler.fit_transform(train_df[columns])
    test_x = scaler.fit_transform(test_df[columns])
    return train_x, test_x
