import * as React from "react";
export function Button(props: { label: string }) {
    return <button className="b">{format(props.label)}</button>;
}
const format = (s: string) => s.trim();
export const Icon: React.FC = () => <svg />;
export class Panel extends React.Component<{}> {
    render() {
        return (
            <div onClick={() => this.hide()}>
                <Button label="x" />
                <Icon></Icon>
            </div>
        );
    }
    hide() {}
}
